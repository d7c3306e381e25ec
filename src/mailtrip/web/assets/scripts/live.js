import htmx from "htmx.org";

// An element with `data-live="/events?..."` is told when something has changed, and fetches the part with id `live` anew:
// from the page itself, or from where `data-live-from` says.
const FIRST_WAIT = 2000;
const LONGEST_WAIT = 60000;

export function startLive(root) {
  for (const element of root.querySelectorAll("[data-live]")) follow(root, element);
}

const followed = new WeakSet();

function follow(root, element) {
  if (followed.has(element)) return;
  followed.add(element);
  const state = root.querySelector("[data-live-state]");
  let source = null;
  let wait = FIRST_WAIT;

  const say = (text) => {
    if (state !== null && state.textContent !== text) state.textContent = text;
  };
  let isStale = false;
  const refresh = () => {
    if (!element.isConnected) {
      source.close();
      return;
    }
    isStale = document.hidden; // a page that nobody looks at waits until somebody does
    const from = element.dataset.liveFrom ?? location.href;
    if (!isStale) htmx.ajax("GET", from, { target: "#live", select: "#live", swap: "outerMorph" });
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
        if (!element.isConnected) return;
        refresh(); // who is no longer signed in is led to sign in
        open();
      }, wait);
      wait = Math.min(wait * 2, LONGEST_WAIT);
    });
  };
  open();
  addEventListener("pagehide", () => source.close());
  addEventListener("pageshow", (event) => {
    if (event.persisted && element.isConnected) open();
  });
}
