/**
 * Puts the chat on a page: a button that opens it, and ways to leave the page.
 *
 * One classic script, no other file until the page is idle, nothing kept. Its settings
 * are data- attributes of its own element; docs/embedding.md lists them.
 */
;(() => {
  'use strict'

  const WORDS = {
    label: 'Get advice',
    title: 'Advice chat',
    late: 'The chat has not opened yet. The numbers on this page work without it.',
    close: 'Close',
    leaving: 'Loading',
    Shift2: 'Press Shift two more times to leave this page.',
    Shift1: 'Press Shift one more time to leave this page.',
    Escape1: 'Press Escape one more time to leave this page.',
  }
  const WAYS = { Shift: [3, 5000], Escape: [2, 2000] }
  const EXIT = 'https://www.bbc.co.uk/weather'
  const LATE_MS = 8000
  const GOODBYE_MS = 100
  const CSS = `
    :host { all: initial; --a: var(--fc-a, #1f4e79); --t: #fff; --g: #fff; --i: #16202b;
      font: 17px/1.4 system-ui, sans-serif }
    [hidden] { display: none !important }
    .b { font: inherit; font-weight: 600; min-height: 48px; padding: 8px 20px; color: var(--t);
      background: var(--a); border: 2px solid transparent; border-radius: var(--fc-r, 8px); cursor: pointer }
    .b:focus-visible { outline: 3px solid var(--a); outline-offset: 2px; box-shadow: 0 0 0 2px var(--g) }
    .panel { display: flex; flex-direction: column; height: min(700px, 100vh - 96px); overflow: hidden;
      color: var(--i); background: var(--g); border: 1px solid #6b7885; border-radius: 12px }
    .float > * { position: fixed; z-index: 2147483001; bottom: 16px; right: 16px; box-shadow: 0 4px 24px #0005 }
    .left > * { right: auto; left: 16px }
    .float > .panel { width: 440px }
    .panel > :last-child { flex: 1; min-height: 0; border: 0 }
    .panel > p, .keys { margin: 0; padding: 12px 16px }
    .keys { position: fixed; z-index: 2147483002; inset: 12px 12px auto; width: auto; text-align: center;
      color: var(--g); background: var(--i); border-radius: 8px }
    .keys:empty { padding: 0; box-shadow: none }
    @media (prefers-color-scheme: dark) {
      :host { --a: var(--fc-ad, #9cc7f0); --t: #0f1a24; --g: #131a21; --i: #e9eef3 }
    }
    @media (max-width: 480px), (max-height: 480px) {
      .float > .panel { inset: 0; width: auto; height: var(--h, 100%); border: 0; border-radius: 0 }
    }
    @media (forced-colors: active) {
      .b { color: ButtonText; background: ButtonFace; border-color: ButtonText }
    }
    @media print { :host { display: none } }`

  const $script = document.currentScript
  if (!$script || document.querySelector('[data-first-contact]')) return
  const given = $script.dataset
  const { origin } = new URL($script.src)
  const base = new URL('.', $script.src).href.slice(0, -1)
  const inPage = given.mode === 'page'

  const $host = document.createElement('div')
  $host.dataset.firstContact = ''
  const shadow = $host.attachShadow({ mode: 'open' })
  const $box = add(shadow, 'div', inPage ? '' : `float ${given.position}`)
  const $launch = add($box, 'button', 'b', given.label || WORDS.label)
  const $panel = add($box, 'div', 'panel')
  const $late = add($panel, 'p', '', WORDS.late)
  const $keys = add(shadow, 'p', 'keys')
  const theme = {}
  let $frame, chat, placed, isLoaded, isOpen, isHeard, isGone

  $launch.type = 'button'
  $launch.setAttribute('aria-expanded', 'false')
  $keys.setAttribute('role', 'status')
  $panel.hidden = $late.hidden = true
  add($late, 'button', 'b', WORDS.close).onclick = close
  $launch.onclick = open
  if (shadow.adoptedStyleSheets) {
    const sheet = new CSSStyleSheet()
    sheet.replaceSync(CSS)
    shadow.adoptedStyleSheets = [sheet]
  } else add(shadow, 'style', '', CSS)

  listen(window, 'message', hear)
  // Brought back by the Back button after leaving: still nothing to see.
  listen(window, 'pageshow', (event) => event.persisted && isGone && leave())
  listen(document, 'click', (event) => {
    const $link = event.target.closest('a[data-fc-leave]')
    if (!$link) return
    event.preventDefault()
    leave($link.href)
  })
  hearKeys()
  if (document.body) begin()
  else listen(document, 'DOMContentLoaded', begin)

  function begin() {
    const $into = given.target && document.querySelector(given.target)
    ;($into || document.body).append($host)
    readTheme()
    if (given.open !== undefined) return open()
    // Fetched when the page is done and idle, so that it opens at once when wanted.
    const later = () => setTimeout(warm, 300)
    if (document.readyState === 'complete') later()
    else listen(window, 'load', later)
  }

  /** Fetches the chat, without opening a conversation. */
  function warm() {
    if (inPage) return place()
    if ($frame) return
    $frame = add($panel, 'iframe', '')
    $frame.title = WORDS.title
    $frame.referrerPolicy = 'no-referrer'
    $frame.onload = () => {
      isLoaded = true
      if (isOpen) greet()
    }
    $frame.src = `${base}/frame${where()}`
  }

  function where() {
    const { lang, keep } = given
    // Somebody is waiting for it already: then it asks for its first words at once.
    const mark = keep || (isOpen ? 'now' : '')
    return `${lang ? `?lang=${encodeURIComponent(lang)}` : ''}${mark ? `#${mark}` : ''}`
  }

  function open() {
    show(true)
    warm()
    setTimeout(() => ($late.hidden = Boolean(isHeard)), LATE_MS)
    if (inPage) openInPage()
    else if (isLoaded) greet()
    // A screen keyboard must not cover the box, or push the way out off the screen.
    const view = window.visualViewport
    if (view) view.onresize = () => $panel.style.setProperty('--h', `${view.height}px`)
  }

  function greet() {
    $frame.focus()
    post({ fc: 'open', reloaded: reloaded(), theme })
  }

  function reloaded() {
    const [entry] = performance.getEntriesByType('navigation')
    return Boolean(entry && entry.type !== 'navigate')
  }

  function place() {
    const options = { leave: () => leave(), close, keepsTab: given.keep === 'tab' }
    placed ||= import(`${base}/page.mjs`)
      .then((page) => page.place($panel, where(), theme, options))
      .catch(() => (placed = null))
    return placed
  }

  async function openInPage() {
    chat = await place()
    if (!chat) return ($late.hidden = false)
    hearHello()
    chat.show(reloaded())
  }

  function close() {
    show(false)
    $launch.focus()
  }

  function show(shown) {
    isOpen = shown
    $panel.hidden = !shown
    $launch.hidden = shown
    $launch.setAttribute('aria-expanded', shown)
  }

  function hearHello() {
    isHeard = true
    $late.hidden = true
  }

  /** Covers the page, has the chat erased, and replaces the page with another. */
  function leave(to) {
    isGone = true
    document.documentElement.style.setProperty('display', 'none', 'important')
    document.title = WORDS.leaving
    if (chat) chat.forget()
    const go = () => {
      clearTimeout(late)
      replace(address(to) || address(given.exit) || EXIT)
    }
    const late = setTimeout(go, GOODBYE_MS)
    if (!isHeard || inPage) return go()
    leave.go = go
    post({ fc: 'leave' })
  }

  function replace(url) {
    try {
      window.top.location.replace(url)
    } catch {
      window.location.replace(url)
    }
  }

  function address(text) {
    return /^https?:/.test(text) ? text : ''
  }

  function post(message) {
    $frame.contentWindow.postMessage(message, origin)
  }

  /** Hears the chat's frame and nobody else, in four words and no other. */
  function hear({ source, origin: from, data }) {
    if (!$frame || source !== $frame.contentWindow || from !== origin) return
    if (!data || Object.keys(data).join() !== 'fc') return
    if (data.fc === 'here') hearHello()
    else if (data.fc === 'close') close()
    else if (data.fc === 'left' && isGone) leave.go()
    else if (data.fc === 'leave') {
      isHeard = false
      leave()
    }
  }

  /** The same keys as in leave.mjs, which a page cannot load before it is needed. */
  function hearKeys() {
    let alone, last, count, timer
    const forget = () => {
      clearTimeout(timer)
      count = 0
      $keys.textContent = ''
    }
    const press = (key) => {
      const [presses, ms] = WAYS[key]
      count = last === key ? count + 1 : 1
      last = key
      clearTimeout(timer)
      if (count >= presses) return leave()
      $keys.textContent = WORDS[key + (presses - count)]
      timer = setTimeout(forget, ms)
    }
    listen(document, 'keydown', (event) => {
      const { key, repeat } = event
      if (key === 'Shift') {
        if (!repeat) alone = !(event.ctrlKey || event.altKey || event.metaKey)
        return
      }
      alone = false
      if (key !== 'Escape' || event.isComposing) forget()
      else if (!repeat) press(key)
    })
    listen(document, 'keyup', ({ key }) => {
      if (key === 'Shift' && alone) press(key)
      if (key === 'Shift') alone = false
    })
    listen(document, 'pointerdown', () => (alone = false))
  }

  /** Takes the page's colours, when they can be read on what they are used with. */
  function readTheme() {
    const style = getComputedStyle($host)
    const take = (name, own, fits) => {
      const value = style.getPropertyValue(`--fc-${name}`).trim()
      if (!value) return
      if (!fits(value)) return console.warn(`--fc-${name}: ${value} cannot be used`)
      theme[name] = value
      $host.style.setProperty(own, value)
    }
    const readable = (on) => (colour) =>
      /^#[\da-f]{6}$/i.test(colour) && contrast(colour, on) >= 4.5
    take('accent', '--fc-a', readable('#ffffff'))
    take('accent-dark', '--fc-ad', readable('#131a21'))
    take('radius', '--fc-r', (value) => /^\d{1,2}px$/.test(value))
  }

  function contrast(one, other) {
    const [dark, light] = [one, other].map(luminance).sort((a, b) => a - b)
    return (light + 0.05) / (dark + 0.05)
  }

  function luminance(colour) {
    const [r, g, b] = [1, 3, 5].map(
      (at) => (parseInt(colour.slice(at, at + 2), 16) / 255) ** 2.2,
    )
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
  }

  function listen($on, type, act) {
    $on.addEventListener(type, act, true)
  }

  function add($parent, tag, name, words) {
    const $el = document.createElement(tag)
    $el.className = name
    if (words) $el.textContent = words
    return $parent.appendChild($el)
  }
})()
