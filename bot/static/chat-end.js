/* Whoever reads the end of a chat stays there, whatever grows or shrinks later: lines, banners, pictures, cards edited in place. */

const NEAR = 150; // pixels from the end that still count as reading the newest

export class End {
  #place;
  #follows = true;
  #top = 0;

  /** `place` scrolls; `grown` are its children whose height changes. */
  constructor(place, ...grown) {
    this.#place = place;
    place.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    const sizes = new ResizeObserver(() => { if (this.#follows) this.go(); });
    for (const each of [place, ...grown]) sizes.observe(each);
  }

  go() {
    this.#follows = true;
    this.#place.scrollTop = this.#place.scrollHeight;
  }

  // Our own way to the end is told late, when more may have been said: only who went up stops following.
  #scrolled() {
    const { scrollHeight, scrollTop, clientHeight } = this.#place;
    if (scrollHeight - scrollTop - clientHeight < NEAR) this.#follows = true;
    else if (scrollTop < this.#top) this.#follows = false;
    this.#top = scrollTop;
  }
}
