// A button that opens a menu. Its content exists only while it is open, so a board of many cards stays small.
import { useEffect, useId, useRef, useState } from 'preact/hooks'

export type MenuItem = {
  readonly label: string
  /** The key that does the same. */
  readonly hint?: string
  readonly href?: string
  /** A switch, and whether it is on. It leaves the menu open. */
  readonly checked?: boolean
  /** The first of a group. */
  readonly isFirst?: boolean
  /** Absent for a link that the browser opens. */
  readonly run?: () => void
}

type Props = {
  readonly label: string
  /** Read each time the menu is drawn. */
  readonly items: () => readonly MenuItem[]
}

const EDGE_PX = 8
/** How far a key moves the focus; the ends are far away. */
const STEPS: Readonly<Record<string, number>> = { ArrowDown: 1, ArrowUp: -1, Home: -1e6, End: 1e6 }

/** Below the button where there is room, else above it; within the window. */
function place(menu: HTMLElement, button: HTMLElement): void {
  const at = button.getBoundingClientRect()
  const { offsetWidth: width, offsetHeight: height } = menu
  const left = Math.min(innerWidth - width - EDGE_PX, at.right - width)
  const below = at.bottom + height + EDGE_PX <= innerHeight ? at.bottom : at.top - height
  menu.style.left = `${Math.max(EDGE_PX, left)}px`
  menu.style.top = `${Math.max(EDGE_PX, below)}px`
}

function Item({ item, onDone }: { readonly item: MenuItem; readonly onDone: () => void }) {
  const { label, hint, href, checked, run } = item
  const done = (): void => {
    run?.()
    if (checked === undefined) onDone()
  }
  const text = (
    <>
      <span>
        {checked === true ? '✓ ' : ''}
        {label}
      </span>
      {hint === undefined ? null : <span class="hint" data-key={hint} />}
    </>
  )
  if (href === undefined) {
    const role =
      checked === undefined
        ? { role: 'menuitem' as const }
        : { role: 'menuitemcheckbox' as const, 'aria-checked': checked }
    return (
      <button type="button" {...role} tabIndex={-1} onClick={done}>
        {text}
      </button>
    )
  }
  return (
    <a
      role="menuitem"
      href={href}
      target="_blank"
      rel="noopener noreferrer"
      tabIndex={-1}
      onClick={event => {
        if (run !== undefined) event.preventDefault()
        done()
      }}
    >
      {text}
    </a>
  )
}

function Items({ items, onDone }: { readonly items: Props['items']; readonly onDone: () => void }) {
  return (
    <>
      {items().map(item => (
        <div key={item.label} role="none">
          {item.isFirst === true ? <hr /> : null}
          <Item item={item} onDone={onDone} />
        </div>
      ))}
    </>
  )
}

export function Menu({ label, items }: Props) {
  const id = useId()
  const button = useRef<HTMLButtonElement>(null)
  const menu = useRef<HTMLDivElement>(null)
  const [isOpen, setOpen] = useState(false)
  const all = (): HTMLElement[] => [
    ...(menu.current?.querySelectorAll<HTMLElement>('[role^="menuitem"]') ?? []),
  ]
  const close = (): void => menu.current?.hidePopover()

  useEffect(() => {
    if (!isOpen) return
    // The menu stays where it was opened, its button does not.
    addEventListener('scroll', close, { passive: true })
    addEventListener('resize', close)
    return () => {
      removeEventListener('scroll', close)
      removeEventListener('resize', close)
    }
  }, [isOpen])

  /** When it is shown: before, it has no size, and nothing in it can get the focus. */
  function onShown(): void {
    if (menu.current === null || button.current === null) return
    place(menu.current, button.current)
    all()[0]?.focus({ preventScroll: true })
  }

  return (
    <>
      <button
        ref={button}
        type="button"
        class="more"
        popovertarget={id}
        aria-haspopup="menu"
        aria-expanded={isOpen}
        aria-label={label}
        title={label}
      >
        ⋯
      </button>
      <div
        ref={menu}
        id={id}
        class="menu"
        popover="auto"
        role="menu"
        aria-label={label}
        onBeforeToggle={event => {
          if (event.newState === 'open') setOpen(true)
        }}
        onToggle={event => {
          if (event.newState === 'open') onShown()
          // Not before: the browser gives the focus back only from what is still there.
          else setOpen(false)
        }}
        onKeyDown={event => {
          const by = STEPS[event.key]
          if (by === undefined) return
          event.preventDefault()
          const list = all()
          const at = document.activeElement instanceof HTMLElement ? list.indexOf(document.activeElement) : -1
          list[Math.min(list.length - 1, Math.max(0, at + by))]?.focus()
        }}
      >
        {isOpen ? <Items items={items} onDone={close} /> : null}
      </div>
    </>
  )
}
