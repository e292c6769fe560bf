// Sets the formulas of a page: elements of class math (inline or block) hold TeX. Loaded after KaTeX, where there are any.
// KaTeX adds MathML for screen readers and copying; a formula that it can't read stays as it was written.

for (const element of document.querySelectorAll(".math")) {
  const source = element.textContent.trim();
  try {
    window.katex.render(source, element, { displayMode: element.classList.contains("block"), strict: false });
    element.classList.add("math-done");
  } catch {
    element.textContent = source;
  }
}

// A formula that is wider than the page scrolls inside itself, and takes the focus so that keys can scroll it.
function letKeysScroll() {
  for (const block of document.querySelectorAll(".math.block")) {
    if (block.scrollWidth > block.clientWidth) block.tabIndex = 0;
    else block.removeAttribute("tabindex");
  }
}

letKeysScroll();
document.fonts.addEventListener("loadingdone", letKeysScroll);
addEventListener("resize", letKeysScroll);
