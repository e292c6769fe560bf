// A question of order: the plain form has one list to choose from for each place; here they become one list whose items
// move up and down by buttons. What is sent stays in the <select>s, so drafts and the server see the same as without this.

for (const list of document.querySelectorAll("[data-ordering]")) arrange(list);

function arrange(list) {
  const selects = [...list.querySelectorAll("select")];
  const texts = new Map([...selects[0].options].map((option) => [option.value, option.textContent]));
  const said = list.parentElement.querySelector("[data-ordering-said]");
  mend(selects, [...texts.keys()]);
  for (const [place, select] of selects.entries()) {
    select.hidden = true;
    select.after(row(place));
  }
  show();

  function row(place) {
    const line = document.createElement("div");
    line.className = "order-item";
    const text = document.createElement("span");
    line.append(text, mover(place, -1, list.dataset.up, "↑"), mover(place, 1, list.dataset.down, "↓"));
    return line;
  }

  function mover(place, step, name, sign) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button order-move";
    button.textContent = sign;
    button.dataset.name = name;
    button.disabled = place + step < 0 || place + step >= selects.length;
    button.addEventListener("click", () => move(place, step));
    return button;
  }

  function move(place, step) {
    const [from, to] = [selects[place], selects[place + step]];
    [from.value, to.value] = [to.value, from.value];
    show();
    to.dispatchEvent(new Event("input", { bubbles: true }));
    const buttons = to.parentElement.querySelectorAll(".order-move");
    const again = buttons[step < 0 ? 0 : 1];
    (again.disabled ? buttons[step < 0 ? 1 : 0] : again).focus();
    const words = { "{item}": texts.get(to.value), "{place}": place + step + 1 };
    said.textContent = list.dataset.moved.replace(/\{item\}|\{place\}/g, (name) => words[name]);
  }

  function show() {
    for (const select of selects) {
      const text = texts.get(select.value);
      const line = select.parentElement.querySelector(".order-item");
      line.querySelector("span").textContent = text;
      for (const button of line.querySelectorAll("button")) button.setAttribute("aria-label", `${button.dataset.name}: ${text}`);
    }
  }
}

// A kept draft of the plain form may name an item twice; each has to be there once.
function mend(selects, values) {
  const missing = values.filter((value) => !selects.some((select) => select.value === value));
  const seen = new Set();
  for (const select of selects) {
    if (seen.has(select.value)) select.value = missing.shift();
    seen.add(select.value);
  }
}
