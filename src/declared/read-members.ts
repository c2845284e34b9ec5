// Which members of the document an expression reads: what a board file shows is not shown again by the automatic board.
import type { Node } from './evaluate.js'

export type Members = { readonly document: Set<string>; readonly root: Set<string> }

/** Which members of the document a node reads; `isOnDocument`: whether it is evaluated on the document itself. */
export function collectMembers(node: Node, isOnDocument: boolean, members: Members): void {
  const visit = (child: Node, onDocument: boolean): void => collectMembers(child, onDocument, members)
  switch (node.type) {
    case 'Field':
      if (isOnDocument) members.document.add(node.name)
      return
    case 'Subexpression':
    case 'IndexExpression':
    case 'Pipe':
      if (node.left.type === 'Root' && node.right.type === 'Field') members.root.add(node.right.name)
      visit(node.left, isOnDocument)
      // `@ | a` and `@.a` stay on the document.
      visit(node.right, isOnDocument && (node.left.type === 'Current' || node.left.type === 'Identity'))
      return
    case 'Projection':
    case 'ValueProjection':
      visit(node.left, isOnDocument)
      visit(node.right, false)
      return
    case 'FilterProjection':
      visit(node.left, isOnDocument)
      visit(node.condition, false)
      visit(node.right, false)
      return
    case 'OrExpression':
    case 'AndExpression':
    case 'Comparator':
    case 'Arithmetic':
      visit(node.left, isOnDocument)
      visit(node.right, isOnDocument)
      return
    case 'Flatten':
    case 'NotExpression':
      visit(node.child, isOnDocument)
      return
    case 'ExpressionReference':
      visit(node.child, false)
      return
    case 'Unary':
      visit(node.operand, isOnDocument)
      return
    case 'Ternary':
      for (const child of [node.condition, node.trueExpr, node.falseExpr]) visit(child, isOnDocument)
      return
    case 'MultiSelectList':
    case 'Function':
      for (const child of node.children) visit(child, isOnDocument)
      return
    case 'MultiSelectHash':
      for (const { value } of node.children) visit(value, isOnDocument)
      return
    case 'LetExpression':
      for (const { reference } of node.bindings) visit(reference, isOnDocument)
      visit(node.expression, isOnDocument)
      return
    default:
  }
}

/** The last name of its path; null when it does not end in a name. */
export function lastNameOf(node: Node): string | null {
  if (node.type === 'Field') return node.name
  if (node.type === 'Subexpression') return lastNameOf(node.right)
  return null
}
