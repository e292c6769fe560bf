// Marks the words of Python for the eye: keywords, texts, numbers, names, comments. A reader of characters, not of grammar;
// what it can't tell it leaves plain.

const KEYWORDS = new Set(
  ("False None True and as assert async await break class continue def del elif else except finally for from global if import in " +
    "is lambda nonlocal not or pass raise return try while with yield match case").split(" "),
);
const SOFT = new Set(["match", "case"]); // names too, but for the start of a line that ends in a colon
const BUILT_IN = new Set(
  ("abs all any bool dict display enumerate filter float format input int isinstance len list map max min open print range repr " +
    "reversed round set sorted str sum tuple type zip Exception ValueError TypeError KeyError IndexError").split(" "),
);
const TOKEN =
  /(#[^\n]*)|([rbfuRBFU]{0,2})("""|'''|"|')|(\b(?:0[xob][\da-f_]+|\d[\d_]*(?:\.[\d_]*)?(?:e[+-]?\d+)?j?)|\.\d+)|(@[\w.]+)|([\p{L}_][\p{L}\p{N}_]*)/giu;

// [{from, to, kind}] in order; kind: keyword, string, number, name, comment
export function marksOf(text) {
  const marks = [];
  let before = "";
  TOKEN.lastIndex = 0;
  for (let found = TOKEN.exec(text); found; found = TOKEN.exec(text)) {
    const [whole, comment, , quote, number, decorator, word] = found;
    const from = found.index;
    if (quote) TOKEN.lastIndex = endOfText(text, from + whole.length, quote);
    const kind = comment ? "comment" : quote ? "string" : number ? "number" : decorator ? "name" : kindOf(word, before, text, from);
    if (kind) marks.push({ from, to: TOKEN.lastIndex, kind });
    before = word ?? "";
  }
  return marks;
}

function kindOf(word, before, text, from) {
  if (before === "def" || before === "class") return "name";
  if (text[from - 1] === ".") return "";
  if (SOFT.has(word)) return /(^|\n)[ \t]*$/.test(text.slice(0, from)) && /^\w+[^\n=]*:/.test(text.slice(from)) ? "keyword" : "";
  return KEYWORDS.has(word) ? "keyword" : BUILT_IN.has(word) ? "name" : "";
}

// After the closing quotes; a text in single quotes ends with its line.
function endOfText(text, from, quote) {
  for (let place = from; place < text.length; place += 1) {
    if (text[place] === "\\") place += 1;
    else if (text[place] === "\n" && quote.length === 1) return place;
    else if (text.startsWith(quote, place)) return place + quote.length;
  }
  return text.length;
}
