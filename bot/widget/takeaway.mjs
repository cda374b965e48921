/** What a person takes along: the short version, copied, printed or saved by choice. */

import { button, el, fill } from './parts.mjs'

/**
 * The ways to take the summary along, behind a warning.
 *
 * @param {HTMLElement} $summary
 * @param {{ words: Record<string, string>, options: { base: string },
 *   announce: (words: string) => void }} chat
 */
export function takeaway($summary, chat) {
  const { words } = chat
  const $done = el('p', 'fc-small')
  const tell = (said) => {
    $done.textContent = said
    chat.announce(said)
  }
  const ways = [
    [words.copy_copy, () => tell(copy($summary) ? words.copy_copied : words.copy_failed)],
    [words.copy_print, () => print($summary, words.print_title, chat.options.base)],
    [
      words.copy_save,
      () => {
        save(plainText($summary), words.file)
        tell(fill(words.copy_saved, { file: words.file }))
      },
    ],
  ]
  const $ways = ways.map(([label, act]) => button(label, 'fc-button--small', act))
  const $inside = el('div', 'fc-inside', el('p', '', words.copy_warning))
  $inside.append(el('div', 'fc-actions', ...$ways), $done)
  return el('details', 'fc-details', el('summary', '', words.copy_open), $inside)
}

/** The summary as lines of plain text. */
function plainText($summary) {
  const $lines = [...$summary.querySelectorAll('h3, h4, li, p')]
  return $lines
    .map(($line) => {
      const words = $line.textContent.trim()
      if ($line.tagName === 'LI') return `- ${words}`
      return `\n${words}`
    })
    .join('\n')
    .trim()
}

/** Copies by the page's own selection, which asks for no permission. */
function copy($summary) {
  const selection = window.getSelection()
  selection.selectAllChildren($summary)
  const give = (event) => {
    event.clipboardData.setData('text/plain', plainText($summary))
    event.preventDefault()
  }
  document.addEventListener('copy', give, { once: true, capture: true })
  const done = document.execCommand('copy')
  document.removeEventListener('copy', give, { capture: true })
  if (done) selection.removeAllRanges()
  return done
}

function save(words, file) {
  const address = URL.createObjectURL(new Blob([`${words}\n`], { type: 'text/plain' }))
  const $link = el('a', '')
  $link.href = address
  $link.download = file
  $link.click()
  // Let go of it once the browser has taken it, so that nothing is kept here.
  setTimeout(() => URL.revokeObjectURL(address), 1000)
}

/** Prints the summary alone, from an empty page of its own, under a neutral name. */
function print($summary, title, base) {
  const $page = el('iframe', 'fc-hidden')
  $page.title = title
  $summary.after($page)
  const page = $page.contentWindow
  page.document.title = title
  page.document.documentElement.lang = document.documentElement.lang
  page.document.body.append(page.document.importNode($summary, true))
  page.addEventListener('afterprint', () => $page.remove())
  const $style = page.document.createElement('link')
  $style.rel = 'stylesheet'
  $style.href = `${base}/chat.css`
  $style.onload = $style.onerror = () => page.print()
  page.document.head.append($style)
}
