import { expect, test } from 'vitest'
import { findSubjects, modulesPath } from './installed.js'

test('reads the folder of modules out of the output of nginx -V', () => {
  const printed =
    'nginx version: nginx/1.22.1\nconfigure arguments: --prefix=/x --modules-path=/usr/lib/nginx/modules --y'
  expect(modulesPath(printed)).toBe('/usr/lib/nginx/modules')
  expect(modulesPath('nginx: command not found')).toBeNull()
})

test('every server is either measured or named as missing; ours and the bare loop are always measured', () => {
  const { present, missing, versions } = findSubjects()
  const named = [...present, ...missing.map(({ name }) => name)]
  expect(named.toSorted()).toEqual(['bare', 'better-sse', 'nchan', 'ours'])
  expect(present.slice(0, 2)).toEqual(['ours', 'bare'])
  // The report has our own version.
  expect(Object.values(versions)).toHaveLength(present.length - 2)
  for (const version of Object.values(versions)) expect(version).toMatch(/^\d+\.\d+/)
  for (const { why } of missing) expect(why).toMatch(/^not installed/)
})
