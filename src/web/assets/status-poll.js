/* Asks now and then whether the state of the page has changed, and loads the page anew when it has. */
const status = document.querySelector('[data-poll]');
if (status) {
  const address = status.dataset.poll;
  const shown = status.dataset.state;
  let asked = 0;
  let timer = 0;

  for (const note of document.querySelectorAll('[data-needs-script]')) note.hidden = false;

  // 2 s five times, 5 s twelve times, then 15 s; after 15 minutes the page stays as it is.
  const pauseMs = () => (asked < 5 ? 2000 : asked < 17 ? 5000 : asked < 72 ? 15000 : 0);

  const ask = async () => {
    asked += 1;
    try {
      const answer = await fetch(address, { headers: { accept: 'application/json' }, cache: 'no-store' });
      if (answer.ok && (await answer.json()).state !== shown) {
        location.reload();
        return;
      }
    } catch {
      // Offline for a moment: the next question may get through.
    }
    plan();
  };
  const plan = () => {
    clearTimeout(timer);
    if (!document.hidden && pauseMs() > 0) timer = setTimeout(ask, pauseMs());
  };
  document.addEventListener('visibilitychange', () => (document.hidden ? clearTimeout(timer) : ask()));
  plan();
}
