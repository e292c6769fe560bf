// What of CodeMirror comes after the page: completion of names, brackets that close themselves.
export { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
