import { expect, test } from 'vitest'
import { type VersionFiles, versionDifferences } from './versions.js'

const files: VersionFiles = {
  packageFile: '{\n  "name": "x",\n  "version": "1.2.3",\n  "engines": { "version": "9" }\n}',
  lockFile:
    '{\n  "name": "x",\n  "version": "1.2.3",\n  "packages": {\n    "": {\n      "name": "x",\n      "version": "1.2.3"\n    },\n    "node_modules/y": {\n      "version": "7.0.0"\n    }\n  }\n}',
  pythonProject: '[project]\nname = "x"\nversion = "1.2.3"\n',
  changelog: '# Changelog\n\n## 1.2.3\n\n- a\n\n## 1.2.2\n',
}

test('reports nothing when all files have the version', () => {
  expect(versionDifferences(files, '1.2.3')).toEqual([])
})

test.each([
  [
    'packageFile',
    '"version": "1.2.3"',
    '"version": "1.2.4"',
    'package.json says 1.2.4, the program has 1.2.3',
  ],
  ['lockFile', '  "version": "1.2.3",\n  "p', '  "version": "1.2.2",\n  "p', 'package-lock.json says 1.2.2'],
  ['lockFile', '      "version": "1.2.3"', '      "version": "1.2.2"', 'package-lock.json, root says 1.2.2'],
  ['pythonProject', 'version = "1.2.3"', '', 'clients/python/pyproject.toml says nothing'],
  ['changelog', '## 1.2.3', '## Unreleased', 'first heading of CHANGELOG.md says Unreleased'],
] as const)('%s with another one is', (key, from, to, complaint) => {
  const changed = { ...files, [key]: files[key].replace(from, to) }
  expect(versionDifferences(changed, '1.2.3')).toEqual([expect.stringContaining(complaint)])
})
