/** Has crops keep what matters. A style can't stand in the markup; so it is in data-position. */
export function positionPictures(root) {
  for (const img of root.querySelectorAll("img[data-position]")) img.style.objectPosition = img.dataset.position;
}
