// Every page: what is folded away and belongs on paper is unfolded for print, and folded again.
"use strict";

addEventListener("beforeprint", () => {
  for (const part of document.querySelectorAll("details.print:not([open])")) {
    part.dataset.folded = "";
    part.open = true;
  }
});
addEventListener("afterprint", () => {
  for (const part of document.querySelectorAll("details[data-folded]")) {
    part.open = false;
    delete part.dataset.folded;
  }
});
