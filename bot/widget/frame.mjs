/**
 * The chat in a frame of its own: what it and the page around may say to each other.
 *
 * Only the page that holds the frame is heard, only from an origin the service names,
 * and only in the shapes below; anything else is nothing.
 */

import { Chat } from './chat.mjs'
import { LeaveKeys, cover } from './leave.mjs'

const THEME = {
  accent: /^#[0-9a-f]{6}$/i,
  'accent-dark': /^#[0-9a-f]{6}$/i,
  radius: /^\d{1,2}px$/,
}
// Long enough for the page around to take the person away, short enough to be a door.
const ALONE_MS = 150

const $root = document.getElementById('fc')
const origins = [window.location.origin, ...$root.dataset.origins.split(' ')]
const { exit } = $root.dataset
const isFramed = window.parent !== window
let host = ''

const chat = new Chat($root, {
  base: new URL('.', import.meta.url).href.replace(/\/$/, ''),
  leave,
  close: isFramed ? () => tellHost('close') : null,
  keepsTab: window.location.hash === '#tab',
})
new LeaveKeys(document, leave, (key, more) => chat.tellKeys(key, more))

if (isFramed) window.addEventListener('message', hear)
else chat.start(isReload())

function leave() {
  vanish()
  tellHost('leave')
  setTimeout(() => window.top.location.replace(exit), host ? ALONE_MS : 0)
}

function vanish() {
  cover(chat.words.leaving)
  chat.forget()
}

function tellHost(what) {
  if (host) window.parent.postMessage({ fc: what }, host)
}

/** @param {MessageEvent} event */
function hear({ source, origin, data }) {
  if (source !== window.parent || !origins.includes(origin)) return
  if (isShape(data, ['fc']) && data.fc === 'leave') {
    host = origin
    vanish()
    tellHost('left')
  } else if (isOpening(data)) {
    host = origin
    for (const [name, value] of Object.entries(data.theme)) {
      $root.style.setProperty(`--fc-${name}`, value)
    }
    tellHost('here')
    chat.show(data.reloaded)
  }
}

function isOpening(data) {
  if (!isShape(data, ['fc', 'reloaded', 'theme']) || data.fc !== 'open') return false
  if (typeof data.reloaded !== 'boolean') return false
  const { theme } = data
  if (typeof theme !== 'object' || theme === null) return false
  return Object.entries(theme).every(
    ([name, value]) =>
      Object.hasOwn(THEME, name) && typeof value === 'string' && THEME[name].test(value),
  )
}

function isShape(data, keys) {
  if (typeof data !== 'object' || data === null) return false
  const own = Object.keys(data)
  return own.length === keys.length && keys.every((key) => Object.hasOwn(data, key))
}

function isReload() {
  const [entry] = performance.getEntriesByType('navigation')
  return entry !== undefined && entry.type !== 'navigate'
}
