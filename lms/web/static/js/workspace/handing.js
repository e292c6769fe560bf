// 제출: hands the answers in, waits for the grade, and writes it into the page, as a whole and cell by cell. Earlier tries can
// be looked at and brought back.

import { get, post, Refused } from "./api.js";
import { ask, button, linkButton, template, voice } from "./bar.js";
import { make, withCode } from "./outputs.js";
import { points, say } from "./words.js";

const NONE = "00000000-0000-0000-0000-000000000000";
const PATIENCE = 20; // failed polls before the page stops asking

export class Handing {
  #island;
  #cells;
  #saving;
  #place = document.getElementById("ws-result");
  #bringBack;
  #problems;
  #isBusy = false;
  #followed = ""; // the submission whose grade the page waits for

  // bringBack(answers, own, number): puts the answers of a try into the cells
  constructor({ island, cells, saving, problems, bringBack }) {
    this.#island = island;
    this.#cells = cells;
    this.#saving = saving;
    this.#bringBack = bringBack;
    this.#problems = problems;
    document.getElementById("ws-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.handIn();
    });
    this.#addLooks();
    this.#goOnWaiting();
  }

  // A page that was left or loaded again before the grade was there waits for it as well, and takes nobody out of her typing.
  #goOnWaiting() {
    const waiting = document.querySelector("#ws-attempts [data-waiting]");
    if (!waiting) return;
    this.#wait(say("grading"), { isSeen: false });
    this.#follow({ submission: waiting.dataset.attempt });
  }

  async handIn() {
    if (this.#isBusy) return;
    this.#isBusy = true;
    try {
      if (await this.#mayGo()) await this.#send();
    } finally {
      this.#isBusy = false;
      this.#button.disabled = false;
    }
  }

  get #button() {
    return document.querySelector("#ws-hand-in [type=submit]");
  }

  // What Python on the server can't read is said before.
  async #mayGo() {
    if (!(await this.#saving.flush()) && this.#saving.status === "offline") return this.#say(say("hand_in_offline"), "warn") && false;
    const problems = this.#problems();
    if (!problems.length) return true;
    const list = make("ul");
    for (const problem of problems) {
      const cell = this.#cells().find(({ key }) => key === problem.cell);
      list.append(make("li", "", `${cell?.label ?? say("own_cell")}, ${say("problem_line", { line: problem.line })} ${problem.message}`));
    }
    const answer = await ask(say("hand_in"), [make("p", "", say("hand_in_problems")), list], [
      [say("mend_first"), "primary", "mend"],
      [say("hand_in_anyway"), "", "go"],
    ]);
    if (answer !== "go") this.#cells().find(({ key }) => key === problems[0].cell)?.focus(problems[0].line);
    return answer === "go";
  }

  async #send() {
    this.#button.disabled = true;
    this.#followed = "";
    this.#wait(say("handing_in"));
    const sent = this.#saving.body();
    try {
      const answer = await post(this.#island.urls.hand_in, sent);
      await this.#saving.arrived(sent, answer);
      await this.#follow(answer);
    } catch (error) {
      this.#refused(error);
    }
  }

  #refused(error) {
    if (!(error instanceof Refused)) return this.#say(say("hand_in_offline"), "warn");
    const text = error.message ? say("hand_in_failed", { reason: error.message }) : say("failed");
    this.#say(text, "bad", error.body.sign_in ? [linkButton(say("sign_in"), error.body.sign_in)] : []);
  }

  async #follow({ submission, poll_ms }) {
    const url = this.#island.urls.result.replace(NONE, submission);
    this.#followed = submission;
    let pause = poll_ms ?? 250;
    for (let failed = 0; failed < PATIENCE; ) {
      await new Promise((go) => setTimeout(go, pause));
      if (this.#followed !== submission) return;
      try {
        const result = await get(url);
        if (this.#followed !== submission) return;
        failed = 0;
        if (result.state === "graded") return this.#show(result);
        if (result.state === "error" || result.state === "stuck") return this.#failed();
        this.#wait(`${say("grading")} ${result.waiting_before ? say("grading_before", { number: result.waiting_before }) : ""}`);
        pause = result.poll_ms ?? pause;
      } catch {
        failed += 1;
        pause = 3000;
      }
    }
    this.#say(say("result_later"), "calm");
  }

  #failed() {
    this.#say(say("grading_failed"), "warn");
    this.#renewAttempts();
  }

  #show(result) {
    for (const cell of this.#cells()) {
      const check = cell.isCheck && result.checks.find(({ name }) => name === cell.key);
      if (check) cell.showOutcome(check, say("from_hand_in", { number: result.number }));
    }
    const [card, way] = [this.#card(result), this.#way(result)];
    const details = [this.#checkList(result), ...this.#repairs(result)];
    // Who has all points needn't scroll past the checks to go on.
    this.#place.replaceChildren(card, ...(result.points === result.max_points ? [way, ...details] : [...details, way]));
    this.#place.hidden = false;
    if (!document.activeElement?.closest(".cell")) this.#place.querySelector("h2").focus();
    voice(say("result_line", { points: points(result.points), max: points(result.max_points) }));
    this.#renewAttempts();
  }

  #card(result) {
    const card = make("div", "card stack");
    const title = make("h2", "", say("result_title", { number: result.number }));
    title.tabIndex = -1;
    const score = make("p", "score");
    score.append(make("span", "score-number", points(result.points)), make("span", "score-of", `/ ${points(result.max_points)}`));
    const failed = result.checks.filter(({ outcome }) => outcome !== "passed").length;
    const lead = failed === 0 ? say("result_all") : failed === 1 ? say("result_one") : say("result_some", { number: failed });
    card.append(title, score, make("p", "page-lead", lead));
    if (result.standing?.line) card.append(make("p", "soft", result.standing.line));
    return card;
  }

  // As ui.checks writes it.
  #checkList({ checks }) {
    const list = make("ul", "checks");
    list.append(...checks.map((check) => this.#check(check)));
    return list;
  }

  #check({ name, title, outcome, points: earned, max_points, message, hidden }) {
    const row = make("li", `check check-${outcome}`);
    const head = make("div", "check-head");
    const heading = make("h3", "check-title", title || name);
    heading.lang = this.#island.language;
    head.append(heading, template(`ws-badge-${outcome}`));
    const worth = say("check_points", { points: earned === null ? "–" : points(earned), max: points(max_points) });
    row.append(template(`ws-icon-${outcome}`), head, make("span", "check-points", worth));
    const body = make("div", "check-body");
    if (hidden) body.append(make("p", "soft small", say("with_other_data")));
    if (outcome !== "passed" && message) {
      const line = make("p", "check-message");
      line.append(...withCode(message));
      body.append(line);
    }
    const cell = outcome !== "passed" && this.#answerOf(name);
    if (cell) body.append(button(say("to_cell"), "plain", () => cell.focus()));
    if (body.childElementCount) row.append(body);
    return row;
  }

  #answerOf(name) {
    const [key] = this.#cells().find((cell) => cell.key === name)?.facts.for ?? [];
    return this.#cells().find((cell) => cell.key === key);
  }

  #repairs({ repairs }) {
    if (!repairs?.length) return [];
    const box = template("ws-notice-calm");
    box.querySelector("[data-text]").textContent = say("repairs");
    const list = make("ul");
    list.append(...repairs.map((text) => make("li", "", text)));
    box.querySelector("[data-buttons]").replaceWith(list);
    return [box];
  }

  #way({ points: earned, max_points, next, feedback }) {
    const way = make("div", "actions");
    const isFull = earned === max_points;
    const { outline } = this.#island.urls;
    const on = next ? linkButton(say("next_unit", { title: next.title }), next.url) : linkButton(say("to_outline"), outline);
    on.classList.add(isFull ? "button-primary" : "button-plain");
    way.append(on);
    if (feedback) {
      const link = linkButton(say("graded_notebook"), feedback);
      [link.target, link.rel] = ["_blank", "noopener"];
      way.append(link);
    }
    return way;
  }

  #wait(text, { isSeen = true } = {}) {
    const old = this.#place.querySelector(".waiting p");
    if (old) return (old.textContent = text);
    const waiting = template("ws-waiting");
    waiting.querySelector("p").textContent = text;
    const card = make("div", "card");
    card.append(waiting);
    this.#place.replaceChildren(card);
    this.#place.hidden = false;
    if (isSeen) card.scrollIntoView({ block: "nearest" });
  }

  #say(text, tone, extra = []) {
    const box = template(`ws-notice-${tone}`);
    box.querySelector("[data-text]").textContent = text;
    box.querySelector("[data-buttons]").append(...extra);
    this.#place.replaceChildren(box);
    this.#place.hidden = false;
    box.scrollIntoView({ block: "nearest" });
    return true;
  }

  // Earlier tries

  async #renewAttempts() {
    const section = document.getElementById("ws-attempts");
    const body = section?.querySelector("tbody");
    if (!body) return;
    try {
      const answer = await get(this.#island.urls.attempts);
      body.replaceChildren(...(answer.attempts ?? answer).map(attemptRow));
      section.hidden = false;
      this.#addLooks();
    } catch {
      // the list is as it was
    }
  }

  #addLooks() {
    for (const row of document.querySelectorAll("#ws-attempts [data-attempt]:not([data-ready])")) {
      row.dataset.ready = "";
      const cell = row.querySelector("th");
      const look = button(say("attempt_look"), "plain", () => this.#look(row.dataset.attempt));
      look.setAttribute("aria-label", say("attempt_look_at", { number: row.dataset.number ?? cell.textContent.trim() }));
      const place = row.insertCell();
      place.append(look);
    }
    const head = document.querySelector("#ws-attempts thead tr");
    if (head && head.cells.length < 4) head.append(make("td"));
  }

  async #look(uid) {
    let old;
    try {
      old = await get(this.#island.urls.cells.replace(NONE, uid));
    } catch (error) {
      return this.#say(error.message || say("unreachable"), "warn");
    }
    const parts = this.#cells()
      .filter((cell) => cell.key in old.answers)
      .map((cell) => {
        const box = make("section", "ws-pair stack-small");
        const pre = make("pre", "", old.answers[cell.key] || say("empty_cell"));
        pre.tabIndex = 0;
        pre.setAttribute("aria-label", cell.label);
        box.append(make("h3", "", cell.label), pre);
        return box;
      });
    const title = say("result_old", { number: old.number, when: old.when });
    const buttons = this.#island.is_open ? [[say("attempt_back"), "primary", "back"]] : [];
    const answer = await ask(title, parts, [...buttons, [say("close"), "", ""]]);
    if (answer === "back") this.#bringBack(old.answers, old.own ?? [], old.number);
  }
}

function attemptRow({ uid, number, when, state, points: earned, max_points, url }) {
  const row = make("tr");
  row.dataset.attempt = uid;
  row.dataset.number = number;
  const head = make("th", "nowrap");
  head.scope = "row";
  const link = make("a", "row-link", say("attempt", { number }));
  link.href = url;
  head.append(link);
  const words = { waiting: "attempt_waiting", error: "attempt_error", stuck: "attempt_error" };
  const result = earned === null ? say(words[state] ?? "attempt_waiting") : say("check_points", { points: points(earned), max: points(max_points) });
  row.append(head, make("td", "nowrap number", result), make("td", "nowrap", when));
  return row;
}
