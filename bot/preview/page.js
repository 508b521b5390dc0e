"use strict";

// The page renews its changing part when the server names another version, and stays where it was scrolled to.
const main = document.querySelector("main");
const state = document.querySelector("#state");
const scrolling = () => [...main.querySelectorAll("pre")];
const frame = () => main.querySelector("iframe");

function prepare(top) {
  const shown = frame();
  const arrange = () => {
    // Inside of the frame nothing else may be loaded: links open beside the preview.
    for (const link of shown.contentDocument.links) {
      link.target = "_blank";
      link.rel = "noopener noreferrer";
    }
    shown.contentWindow.scrollTo(0, top);
  };
  shown?.addEventListener("load", arrange);
  if (shown?.contentDocument?.readyState === "complete") arrange();
}

async function renew() {
  const answer = await fetch("/content");
  if (!answer.ok) return;
  const text = await answer.text();
  const tops = scrolling().map((one) => one.scrollTop);
  const top = frame()?.contentWindow.scrollY ?? 0;
  main.innerHTML = text;
  scrolling().forEach((one, index) => { one.scrollTop = tops[index] ?? 0; });
  prepare(top);
}

let renewing = Promise.resolve();
const events = new EventSource("/events");
events.addEventListener("message", (event) => {
  state.textContent = "";
  renewing = renewing.then(() => {
    if (event.data !== main.querySelector("#content").dataset.version) return renew();
  }).catch(() => {});
});
events.addEventListener("error", () => {
  state.textContent = "The preview has stopped. Start it again, and this page goes on.";
});
prepare(0);
