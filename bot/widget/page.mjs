/** The chat as a part of the page itself, for pages with no script of anybody else. */

import { Chat } from './chat.mjs'

const base = new URL('.', import.meta.url).href.replace(/\/$/, '')

/**
 * Puts the chat into an element of the page.
 *
 * @param {Element} $into - inside a shadow root, which keeps the page's styles out
 * @param {string} where - what follows the address of the frame
 * @param {Record<string, string>} theme
 * @param {{ leave: () => void, close: () => void, keepsTab: boolean }} options
 * @returns {Promise<Chat>}
 */
export async function place($into, where, theme, options) {
  const $root = document.importNode(await markup(where), true)
  const $style = document.createElement('link')
  $style.rel = 'stylesheet'
  $style.href = `${base}/chat.css`
  await new Promise((resolve) => {
    $style.onload = $style.onerror = resolve
    $into.append($style)
  })
  $root.classList.add('own')
  for (const name in theme) $root.style.setProperty(`--fc-${name}`, theme[name])
  $into.append($root)
  return new Chat($root, { base, ...options })
}

/** Takes the markup of the chat's own page; nothing in it can run on the way. */
function markup(where) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.open('GET', `${base}/frame${where}`)
    request.responseType = 'document'
    request.onerror = reject
    request.onload = () => {
      const $root = request.response?.getElementById('fc')
      if ($root) resolve($root)
      else reject(new Error('no markup'))
    }
    request.send()
  })
}
