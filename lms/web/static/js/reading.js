// A page is read when its end was seen: 다음 waits for that. The form around it carries data-reading, its hint says why.
// Without this the button simply works, since it stands at the end.

const form = document.querySelector("form[data-reading]");
const end = document.querySelector("[data-page-end]");

if (form && end && "IntersectionObserver" in window) wait();

function wait() {
  const button = form.querySelector("button[type=submit]");
  const hint = form.querySelector("[data-reading-hint]");
  const hold = (on) => {
    button.setAttribute("aria-disabled", on);
    if (hint) hint.hidden = !on;
  };
  hold(true);
  const held = () => button.getAttribute("aria-disabled") === "true";
  const isSeen = () => end.getBoundingClientRect().top < window.innerHeight; // the observer tells only a frame later
  form.addEventListener("submit", (event) => held() && !isSeen() && event.preventDefault());
  const watch = new IntersectionObserver((entries) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    watch.disconnect();
    hold(false);
  });
  watch.observe(end);
}
