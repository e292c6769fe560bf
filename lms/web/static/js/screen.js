// The code on a projector: asks for the next one when this one ends, and says so where it can't be had.

const main = document.querySelector("[data-screen]");
const find = (name) => main.querySelector(`[data-${name}]`);
let left = Number(main.dataset.seconds);
let state = [...main.querySelectorAll("[data-state]")].find((each) => !each.hidden)?.dataset.state;
let isAsking = false;

setInterval(() => {
  left -= 1;
  find("left").value = Math.max(left, 0);
  // Besides the end of a code: a look every ten seconds at how many have come.
  if (left <= 0 || left % 10 === 0) ask();
}, 1000);
document.addEventListener("visibilitychange", () => document.hidden || ask());

async function ask() {
  if (isAsking || state === "over" || state === "cancelled") return;
  isAsking = true;
  try {
    const answer = await fetch(main.dataset.screen, { headers: { Accept: "application/json" }, redirect: "error" });
    if (!answer.ok) throw new Error(String(answer.status));
    show(await answer.json());
    find("stale").hidden = true;
  } catch {
    find("stale").hidden = false;
  } finally {
    isAsking = false;
  }
}

function show(told) {
  left = told.seconds;
  state = told.state;
  find("code").textContent = `${told.code.slice(0, 3)} ${told.code.slice(3)}`;
  find("come").textContent = told.come;
  for (const each of main.querySelectorAll("[data-state]")) each.hidden = each.dataset.state !== state;
}
