// A text that may be an address: then it can be opened. Of addresses only http and https.

export function isWebAddress(text: string): boolean {
  if (!/^https?:\/\/\S+$/i.test(text)) return false
  return URL.canParse(text)
}

export function LinkedText({ text }: { readonly text: string }) {
  if (!isWebAddress(text)) return text
  return (
    <a href={text} rel="noopener noreferrer" target="_blank">
      {text}
    </a>
  )
}
