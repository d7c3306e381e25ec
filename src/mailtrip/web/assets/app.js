// What every page has: parts that are fetched anew (htmx), live updates, and times in the reader's own zone.
import "htmx.org";
import { startLive } from "./scripts/live.js";
import { showLocalTimes } from "./scripts/times.js";

document.documentElement.classList.add("has-script");
showLocalTimes(document);
document.addEventListener("htmx:after:swap", () => {
  showLocalTimes(document);
  startLive(document);
});
startLive(document);
