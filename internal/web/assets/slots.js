/**
 * Fills the slots of an item that was made of a template.
 *
 * @param {Element} item
 * @returns a function that takes the name of a slot, what is put into it, and what else is
 * done with it. Without content the slot goes; true leaves what is in it.
 */
export function slots(item) {
  return (name, content, also) => {
    const slot = item.querySelector(`[data-slot="${name}"]`);
    if (!slot) return;
    if (content === false || content == null || content === "") return slot.remove();
    if (content !== true) slot.replaceChildren(...[content].flat());
    also?.(slot);
  };
}
