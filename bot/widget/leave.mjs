/**
 * Leaving by the keyboard, for the frame; embed.js has the same few lines for the page,
 * because a page's one classic script cannot share a module before it has loaded.
 */

const WAYS = {
  Shift: { presses: 3, within: 5000 },
  Escape: { presses: 2, within: 2000 },
}

export class LeaveKeys {
  /**
   * @param {EventTarget} $target - where keys are heard
   * @param {() => void} leave - called when leaving is meant
   * @param {(key: string, more: number) => void} tell - how many presses are left;
   *   0 when the presses were too slow and the count is over
   */
  constructor($target, leave, tell) {
    this.leave = leave
    this.tell = tell
    this.key = ''
    this.count = 0
    // Shift counts when it is pressed and let go with nothing in between.
    this.alone = false
    $target.addEventListener('keydown', (event) => this.handleDown(event), true)
    $target.addEventListener('keyup', (event) => this.handleUp(event), true)
    $target.addEventListener('pointerdown', () => (this.alone = false), true)
  }

  /** @param {KeyboardEvent} event */
  handleDown(event) {
    if (event.key === 'Shift') {
      if (!event.repeat) this.alone = !(event.ctrlKey || event.altKey || event.metaKey)
      return
    }
    this.alone = false
    // An Escape that ends the composing of a letter is not one that is meant.
    if (event.key !== 'Escape' || event.isComposing) return this.forget()
    if (!event.repeat) this.press('Escape')
  }

  /** @param {KeyboardEvent} event */
  handleUp(event) {
    if (event.key !== 'Shift' || !this.alone) return
    this.alone = false
    this.press('Shift')
  }

  /** @param {'Shift' | 'Escape'} key */
  press(key) {
    const { presses, within } = WAYS[key]
    this.count = this.key === key ? this.count + 1 : 1
    this.key = key
    clearTimeout(this.timer)
    if (this.count >= presses) return this.leave()
    this.tell(key, presses - this.count)
    this.timer = setTimeout(() => {
      this.forget()
      this.tell(key, 0)
    }, within)
  }

  forget() {
    clearTimeout(this.timer)
    this.key = ''
    this.count = 0
  }
}

/** Takes the whole page off the screen, whatever is open on it, and off its name. */
export function cover(title) {
  // Nothing inside a root that is not displayed can be seen, dialogs included.
  document.documentElement.style.setProperty('display', 'none', 'important')
  document.title = title
}
