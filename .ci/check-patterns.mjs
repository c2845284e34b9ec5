// Fails on a regular expression of the sources that may need more than linear time: input must not block the event loop.
// Run from the checkout: node .ci/check-patterns.mjs
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { analyse } from 'scslre'
import ts from 'typescript'

const FOLDERS = ['src', 'client', 'web', 'clients/python']

/** Files whose calls of `RegExp` are not checked, with the reason. */
const NOT_WRITTEN_OUT = new Map([
  ['src/config/references.ts', 'it joins names of the repository itself with |'],
])

/** Literals and `RegExp(…)` calls of a TypeScript file; null for a pattern made at run time. */
function patternsOfTypeScript(path, text) {
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true)
  const found = []
  const constants = new Map(
    file.statements
      .filter(ts.isVariableStatement)
      .flatMap(({ declarationList }) => declarationList.declarations)
      .map(({ name, initializer }) => [name.getText(), initializer]),
  )
  /** The text of an expression of strings, constants of the file and sources of its patterns; else null. */
  const textOf = node => {
    if (node === undefined) return null
    if (ts.isStringLiteralLike(node)) return node.text
    if (ts.isIdentifier(node)) return textOf(constants.get(node.text))
    if (ts.isPropertyAccessExpression(node) && node.name.text === 'source') {
      const pattern = constants.get(node.expression.getText())
      return pattern !== undefined && ts.isRegularExpressionLiteral(pattern) ? partsOf(pattern)[0] : null
    }
    // String.raw takes the text between the backticks without escapes.
    const isRaw = ts.isTaggedTemplateExpression(node) && node.tag.getText() === 'String.raw'
    const template = isRaw ? node.template : node
    const written = part => (isRaw ? part.rawText : part.text)
    if (ts.isNoSubstitutionTemplateLiteral(template)) return written(template)
    if (!ts.isTemplateExpression(template)) return null
    const spans = template.templateSpans.map(span => [textOf(span.expression), written(span.literal)])
    return spans.some(([part]) => part === null) ? null : written(template.head) + spans.flat().join('')
  }
  const add = (node, pattern, flags) => {
    const line = file.getLineAndCharacterOfPosition(node.getStart()).line + 1
    found.push({ path, line, pattern, flags })
  }
  const visit = node => {
    if (ts.isRegularExpressionLiteral(node)) add(node, ...partsOf(node))
    const isCall = ts.isNewExpression(node) || ts.isCallExpression(node)
    if (isCall && node.expression.getText() === 'RegExp' && !NOT_WRITTEN_OUT.has(path)) {
      add(node, textOf(node.arguments?.[0]), textOf(node.arguments?.[1]) ?? '')
    }
    ts.forEachChild(node, visit)
  }
  visit(file)
  return found
}

function partsOf({ text }) {
  const end = text.lastIndexOf('/')
  return [text.slice(1, end), text.slice(end + 1)]
}

// The pattern of each call of a function of `re`; null where it is made at run time.
const LIST_OF_PYTHON = `
import ast, json, sys
names = {"compile", "match", "fullmatch", "search", "sub", "subn", "split", "findall", "finditer"}
found = []
for node in ast.walk(ast.parse(sys.stdin.read())):
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute): continue
    if not isinstance(node.func.value, ast.Name) or node.func.value.id != "re" or node.func.attr not in names: continue
    first = node.args[0] if node.args else None
    written = first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else None
    found.append([node.lineno, written])
print(json.dumps(found))
`

function patternsOfPython(path, text) {
  const list = JSON.parse(execFileSync('python3', ['-c', LIST_OF_PYTHON], { input: text, encoding: 'utf8' }))
  // Python's own spelling.
  const spelled = pattern =>
    pattern?.replaceAll('(?P<', '(?<').replaceAll('\\Z', '$').replaceAll('\\A', '^') ?? null
  return list.map(([line, pattern]) => ({ path, line, pattern: spelled(pattern), flags: 'u' }))
}

/** The reasons why it is slow; empty when it is linear. */
function faultsOf({ pattern, flags }) {
  if (pattern === null) return ['it is made at run time: write it as a literal']
  const { reports } = analyse(
    { source: pattern, flags },
    { reportTypes: { Move: true, Self: true, Trade: true } },
  )
  return reports.map(({ type, exponential, character }) => {
    const how = exponential ? 'exponential' : 'quadratic or worse'
    return `${how} (${type}) on a text of many ${character.literal.source}`
  })
}

const files = FOLDERS.flatMap(folder =>
  readdirSync(folder, { recursive: true })
    .map(name => `${folder}/${name}`)
    .filter(path => /(?<!\.test)\.(tsx?|py)$/.test(path)),
)
const patterns = files.flatMap(path => {
  const text = readFileSync(path, 'utf8')
  return path.endsWith('.py') ? patternsOfPython(path, text) : patternsOfTypeScript(path, text)
})
const faults = patterns.flatMap(found => faultsOf(found).map(fault => ({ ...found, fault })))
for (const { path, line, pattern, flags, fault } of faults) {
  process.stderr.write(
    `${path}:${line}: ${pattern === null ? 'RegExp(…)' : `/${pattern}/${flags}`}: ${fault}\n`,
  )
}
process.stdout.write(`${patterns.length} patterns in ${files.length} files, ${faults.length} faults\n`)
if (patterns.length === 0 || faults.length > 0) process.exitCode = 1
