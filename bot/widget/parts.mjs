/**
 * What the service says, part by part, as ordinary HTML.
 *
 * Every word becomes a text node and every link is looked at first, so nothing that
 * was said, by anybody, can act on the page.
 */

const LINK = /^(?:https:\/\/|tel:|sms:)/
// What the service has in place of a name, a number or an address.
const TOKEN = /\[[a-z-]+-\d+\]/g
const NOT_SHOWN = ['href', 'id', 'kind']

/**
 * @typedef {object} Tools
 * @property {Record<string, string>} words - the language file
 * @property {string} lang
 * @property {(id: string, label: string) => void} choose - presses a choice
 * @property {($summary: HTMLElement) => HTMLElement} takeaway - copy, print, save
 */

/**
 * @param {Record<string, any>} part
 * @param {Tools} tools
 * @returns {HTMLElement}
 */
export function render(part, tools) {
  const make = Object.hasOwn(KINDS, part.kind) ? KINDS[part.kind] : plain
  return make(part, tools)
}

/** What is said aloud for a part: its own plain words, and what can be chosen. */
export function spoken(part, words) {
  const labels = list(part.choices).map((choice) => text(choice.label))
  const choices = labels.length ? `${words.choices}: ${labels.join('; ')}.` : ''
  return [text(part.text), choices].filter(Boolean).join(' ')
}

/**
 * @param {string} tag
 * @param {string} className
 * @param {...(Node | string)} children - strings become text nodes
 */
export function el(tag, className, ...children) {
  const $el = document.createElement(tag)
  if (className) $el.className = className
  $el.append(...children)
  return $el
}

/** @param {string} label */
export function button(label, className, press) {
  const $button = el('button', `fc-button ${className}`, label)
  $button.type = 'button'
  $button.addEventListener('click', press)
  return $button
}

/** Puts values into a sentence of the language file. */
export function fill(sentence, values) {
  return sentence.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole)
}

/** Contacts as one list, the name beside what to dial. */
export function contacts(given, words) {
  const $items = list(given).map((contact) =>
    el('li', 'fc-contact', ...contactWords(contact, words)),
  )
  return el('ul', 'fc-contacts', ...$items)
}

/** Makes every choice of an earlier reply into plain words, the pressed one marked. */
export function retireChoices($root, words, pressed) {
  for (const $button of $root.querySelectorAll('.js-choice')) {
    const $words = el('span', 'fc-was', $button.textContent)
    if ($button === pressed) {
      $words.classList.add('fc-was--chosen')
      $words.append(el('span', 'fc-hidden', ` (${words.chosen})`))
    }
    $button.replaceWith($words)
  }
}

const KINDS = { text: plain, choices, danger, four, offences, services, handoff, summary }

function plain(part, tools) {
  const $part = el('div', 'fc-part', ...paragraphs(part.text))
  const $links = list(part.links).map((link) => el('li', '', anchor(link, tools.words)))
  if ($links.length) $part.append(el('ul', 'fc-links', ...$links))
  return $part
}

function choices(part, tools) {
  const $part = el('div', 'fc-part', ...paragraphs(part.text))
  const $group = choiceGroup(part.choices, tools, text(part.text))
  if ($group) $part.append($group)
  return $part
}

function danger(part, tools) {
  const { words } = tools
  const $card = el('section', 'fc-part fc-card fc-danger')
  const [first, ...others] = list(part.contacts)
  $card.append(el('h3', 'fc-card-heading', words.danger))
  // What to dial comes before all words: on a phone there may be room for no more.
  if (first) $card.append(contacts([first], words))
  $card.append(...paragraphs(part.text))
  if (others.length) $card.append(contacts(others, words))
  $card.append(el('p', 'fc-small', words.call_list))
  return $card
}

function four(part, tools) {
  const { words } = tools
  const types = list(part.types)
  const { before, told, after } = around(
    part.text,
    types.map((type) => type.heading),
  )
  const $card = el('section', 'fc-part fc-card', ...before)
  const present = types.filter((type) => type.present)
  $card.append(...present.map((type) => fourType(type, told, tools)))
  const absent = types.filter((type) => !type.present)
  if (absent.length && (present.length || absent.some((type) => type.choices))) {
    const $names = absent.map((type) => {
      const disagreed = type.view === 'disagree' ? ` (${words.four_disagree})` : ''
      const $name = el('li', '', text(type.heading) + disagreed)
      return withChoices($name, type, tools)
    })
    $card.append(el('h3', 'fc-minor', words.four_absent), el('ul', 'fc-list', ...$names))
  }
  $card.append(...after)
  return $card
}

function fourType(type, told, tools) {
  const { words } = tools
  const heading = text(type.heading)
  const $type = el('section', 'fc-type', el('h3', 'fc-type-heading', heading))
  $type.append(...paragraphs(type.plain))
  const because = list(type.because).map(text)
  if (because.length) {
    const $said = because.map((said) => el('li', '', el('mark', 'fc-mark', said)))
    $type.append(el('p', 'fc-minor', `${words.four_said}:`), el('ul', 'fc-said', ...$said))
  } else {
    // Something else led to it, and the plain words say what.
    const reason = told.find((paragraph) => paragraph.includes(heading))
    $type.append(...paragraphs(reason))
  }
  const view = { agree: words.four_agree, disagree: words.four_disagree }[type.view]
  if (view) $type.append(el('p', 'fc-view', view))
  return withChoices($type, type, tools)
}

function withChoices($thing, given, tools) {
  const $group = choiceGroup(given.choices, tools, text(given.heading))
  if ($group) $thing.append($group)
  return $thing
}

function offences(part, tools) {
  const shown = [...list(part.offences), ...list(part.more)]
  const { before, after } = around(
    part.text,
    shown.map((offence) => offence.name),
  )
  const $shown = shown.map((offence) => disclosure(offence, tools))
  return el('div', 'fc-part', ...before, ...$shown, ...after)
}

function disclosure(offence, tools) {
  const { words } = tools
  const $inside = el('div', 'fc-inside', ...paragraphs(offence.plain))
  const rows = [
    [words.offence_why, text(offence.why)],
    [words.offence_law, text(offence.law)],
    [words.offence_penalty, text(offence.penalty)],
  ]
  const $facts = el('dl', 'fc-facts')
  for (const [name, value] of rows) {
    if (value) $facts.append(el('dt', '', name), el('dd', '', value))
  }
  if (offence.source) {
    const $source = el('dd', '', sourceOf(offence, words))
    const on = day(offence.checked_on, tools.lang)
    if (on) $source.append(` (${fill(words.checked_on, { date: on })})`)
    $facts.append(el('dt', '', words.source), $source)
  }
  $inside.append($facts, ...paragraphs(offence.note))
  return el('details', 'fc-details', el('summary', '', text(offence.name)), $inside)
}

function sourceOf(offence, words) {
  const source = text(offence.source)
  if (!source.startsWith('https://')) return source
  return anchor({ label: new URL(source).hostname, href: source }, words)
}

function services(part, tools) {
  const { words } = tools
  const shown = list(part.services)
  const { before } = around(
    part.text,
    shown.map((service) => service.name),
  )
  const $part = el('div', 'fc-part', ...before)
  const $items = shown.map((service) => {
    const $item = el('li', 'fc-card fc-service')
    $item.append(el('h3', 'fc-card-heading', text(service.name)))
    $item.append(...paragraphs(service.for))
    $item.append(el('p', 'fc-reach', contactLink(service, words)))
    $item.append(openState(service, words))
    if (service.hours) $item.append(el('p', '', `${words.hours}: ${text(service.hours)}`))
    $item.append(...paragraphs(service.note))
    return $item
  })
  $part.append(el('ul', 'fc-services', ...$items))
  $part.append(el('p', 'fc-small', `${words.hours_change} ${words.call_list}`))
  return $part
}

function openState(service, words) {
  const state = { now: words.open_now, closed: words.open_closed }[service.open]
  const opens = service.open === 'closed' && text(service.opens)
  const says = opens ? fill(words.open_opens, { when: opens }) : state
  const name = service.open === 'now' ? 'fc-open fc-open--now' : 'fc-open'
  return el('p', name, says ?? words.open_unknown)
}

/** The two doors, where the plain words come to them. */
function handoff(part, tools) {
  const { words } = tools
  const { report = {}, support = {} } = part
  const $report = el('p', '', anchor(report, words))
  $report.firstChild.classList.add('fc-door')
  const $support = el('section', '', el('h3', 'fc-card-heading', words.support))
  $support.append(
    support.kind ? services({ ...support, text: '' }, tools) : anchor(support, words),
  )
  const $card = el('section', 'fc-part fc-card')
  const put = ($thing) => $thing.isConnected || $card.contains($thing) || $card.append($thing)
  for (const paragraph of text(part.text).split(/\n{2,}/)) {
    const has = (words) => Boolean(text(words)) && paragraph.includes(text(words))
    if (has(report.label)) put($report)
    else if (has(support.label) || text(support.text).includes(paragraph)) put($support)
    else if (paragraph.replace(/\.$/, '') === words.support) continue
    else if (paragraph === words.not_a_report) $card.append(el('p', 'fc-notice', paragraph))
    else $card.append(...paragraphs(paragraph))
  }
  put($report)
  put($support)
  if (!$card.querySelector('.fc-notice'))
    $card.prepend(el('p', 'fc-notice', words.not_a_report))
  return $card
}

function summary(part, tools) {
  const sections = list(part.sections)
  if (!sections.length) return plain(part, tools)
  const $card = el('section', 'fc-part fc-card fc-summary')
  $card.append(el('h3', 'fc-card-heading', tools.words.summary))
  for (const section of sections) {
    const $lines = list(section.lines).map((line) => {
      const told = text(line)
      return el('li', /^\d+\. /.test(told) ? 'fc-numbered' : '', told)
    })
    $card.append(el('h4', 'fc-minor', text(section.heading)))
    $card.append(el('ul', 'fc-list', ...$lines))
  }
  $card.append(el('p', 'fc-notice', tools.words.not_a_report))
  return el('div', '', $card, tools.takeaway($card))
}

function choiceGroup(given, tools, name) {
  const $items = list(given).map((each) => el('li', '', choice(each, tools)))
  if (!$items.length) return null
  const $group = el('ul', 'fc-choices', ...$items)
  // A list keeps its count for those who hear it; the group keeps its question.
  $group.setAttribute('aria-label', name || tools.words.choices)
  return $group
}

function choice({ id, label }, tools) {
  const $choice = button(text(label), 'fc-choice js-choice', () =>
    tools.choose(String(id), text(label), $choice),
  )
  return $choice
}

function contactWords(contact, words) {
  const $name = el('span', 'fc-contact-name', text(contact.name))
  const $note = text(contact.note) && el('span', 'fc-small', text(contact.note))
  return [$name, ' ', contactLink(contact, words), $note].filter(Boolean)
}

function contactLink({ contact, href }, words) {
  return anchor({ label: text(contact), href }, words)
}

/** A link when it goes somewhere it may, else the words alone. */
function anchor({ label, href }, words) {
  const address = text(href)
  if (!LINK.test(address)) return el('span', 'fc-way', text(label))
  const $link = el('a', 'fc-way', text(label))
  $link.href = address
  $link.rel = 'noopener noreferrer'
  if (address.startsWith('https:')) {
    // In a new tab, so that what was told is still here afterwards.
    $link.target = '_blank'
    $link.append(el('span', 'fc-new', ` (${words.new_tab})`))
  }
  return $link
}

/**
 * A part's plain words, parted where they tell what is shown as a list: from the first
 * to the last paragraph that holds one of its names.
 */
function around(given, names) {
  const all = text(given).split(/\n{2,}/)
  const isTold = (paragraph) =>
    names.some((name) => text(name) && paragraph.includes(text(name)))
  const first = all.findIndex(isTold)
  if (first < 0) return { before: paragraphs(given), told: [], after: [] }
  const told = all.slice(first)
  while (!isTold(told[told.length - 1])) told.pop()
  const after = all.slice(first + told.length)
  return {
    before: paragraphs(all.slice(0, first).join('\n')),
    told,
    after: paragraphs(after.join('\n')),
  }
}

function paragraphs(given) {
  const lines = text(given).split(/\n+/)
  return lines.filter((line) => line.trim()).map((line) => el('p', '', line))
}

function day(given, lang) {
  const date = new Date(`${text(given)}T12:00:00Z`)
  if (Number.isNaN(date.getTime())) return ''
  return new Intl.DateTimeFormat(lang, { dateStyle: 'long', timeZone: 'UTC' }).format(date)
}

function list(value) {
  return Array.isArray(value) ? value.filter((each) => each !== null) : []
}

function text(value) {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : ''
}

/**
 * Puts a person's own words back into what is shown, in one pass: words of theirs that
 * look like a token are left as they are.
 *
 * @param {any} value - parts of an answer
 * @param {Map<string, string>} own - their words by token
 */
export function restored(value, own) {
  if (typeof value === 'string') {
    return value.replace(TOKEN, (token) => own.get(token) ?? token)
  }
  if (Array.isArray(value)) return value.map((each) => restored(each, own))
  if (typeof value !== 'object' || value === null) return value
  const shown = Object.entries(value).map(([name, each]) => [
    name,
    NOT_SHOWN.includes(name) ? each : restored(each, own),
  ])
  return Object.fromEntries(shown)
}

/** Whether tokens are left that this page has no words for. */
export function isMasked(value) {
  return JSON.stringify(value).search(TOKEN) >= 0
}
