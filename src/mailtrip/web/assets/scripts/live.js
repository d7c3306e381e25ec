import htmx from "htmx.org";

// A page with `data-live="/events?..."` is told when something has changed, and fetches the part with id `live` anew.
const FIRST_WAIT = 2000;
const LONGEST_WAIT = 60000;

export function startLive(root) {
  const element = root.querySelector("[data-live]");
  if (element === null) return;
  const state = root.querySelector("[data-live-state]");
  let source = null;
  let wait = FIRST_WAIT;

  const say = (text) => {
    if (state !== null && state.textContent !== text) state.textContent = text;
  };
  let isStale = false;
  const refresh = () => {
    isStale = document.hidden; // a page that nobody looks at waits until somebody does
    if (!isStale) htmx.ajax("GET", location.href, { target: "#live", select: "#live", swap: "outerMorph" });
  };
  document.addEventListener("visibilitychange", () => {
    if (isStale) refresh();
  });
  const open = () => {
    source = new EventSource(element.dataset.live);
    source.addEventListener("open", () => {
      wait = FIRST_WAIT;
      say("Live");
    });
    source.addEventListener("changed", refresh);
    source.addEventListener("over", () => {
      source.close();
      say("");
    });
    source.addEventListener("error", () => {
      say("Connecting again …");
      if (source.readyState !== EventSource.CLOSED) return; // the browser tries again by itself
      setTimeout(() => {
        refresh(); // who is no longer signed in is led to sign in
        open();
      }, wait);
      wait = Math.min(wait * 2, LONGEST_WAIT);
    });
  };
  open();
  addEventListener("pagehide", () => source.close());
  addEventListener("pageshow", (event) => {
    if (event.persisted) open();
  });
}
