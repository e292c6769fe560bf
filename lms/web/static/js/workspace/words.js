// Sentences of the page, in the reader's language, with their blanks filled in; figures and times as she is used to.

let words = {};
const language = document.documentElement.lang || "ko";
const clock = new Intl.DateTimeFormat("ko-KR", { hour: "2-digit", minute: "2-digit", hour12: false, timeZone: "Asia/Seoul" });
const day = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short", timeZone: "Asia/Seoul" });

export function useWords(table) {
  words = table;
}

export function say(key, values = {}) {
  return (words[key] ?? key).replace(/\{(\w+)\}/g, (blank, name) => values[name] ?? blank);
}

// "14:03"
export function timeOf(moment) {
  return clock.format(new Date(moment)).replace(/^24/, "00");
}

export function dayOf(moment) {
  return day.format(new Date(moment));
}

export function megabytes(bytes) {
  return say("bytes", { number: (bytes / 1e6).toFixed(1) });
}

// 3 and 2.5, never 3.0
export function points(number) {
  return String(Math.round(number * 100) / 100);
}
