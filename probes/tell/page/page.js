"use strict";
// Copies a command as it is written. Everything else on the page works without this.
for (const button of document.querySelectorAll("button[data-copy]")) {
  const code = document.getElementById(button.dataset.copy);
  const word = button.firstElementChild;
  const say = (words) => {
    word.textContent = words;
    setTimeout(() => { word.textContent = "Copy"; }, 2000);
  };
  const mark = () => {
    getSelection().selectAllChildren(code);
    say("Marked");
  };
  button.hidden = false;
  button.addEventListener("click", () => {
    // Not there where the page came over plain HTTP; the line is marked then, for Ctrl+C.
    if (!navigator.clipboard) { mark(); return; }
    navigator.clipboard.writeText(code.textContent).then(() => say("Copied"), mark);
  });
}
