/* Copy buttons: hidden without script, tell what they did in a live region. */
for (const button of document.querySelectorAll('button[data-copy]')) {
  button.hidden = false;
  button.addEventListener('click', async () => {
    await navigator.clipboard.writeText(button.dataset.copy);
    const live = document.getElementById('copied');
    if (live) {
      live.textContent = '';
      requestAnimationFrame(() => (live.textContent = button.dataset.copied));
    }
  });
}
