/* Sends a form once however often its button is pressed; sends forms that lead to a bank by themselves. */
for (const form of document.forms) {
  let sent = false;
  form.addEventListener('submit', (event) => {
    if (sent) event.preventDefault();
    sent = true;
    for (const button of form.querySelectorAll('button')) button.setAttribute('aria-disabled', 'true');
  });
  // Back from the bank: the page may come out of the browser's memory, and the form must work again.
  window.addEventListener('pageshow', (event) => {
    if (!event.persisted) return;
    sent = false;
    for (const button of form.querySelectorAll('button')) button.removeAttribute('aria-disabled');
  });
}
const onward = document.querySelector('form[data-submit-at-once]');
const arrived = performance.getEntriesByType('navigation')[0];
// Not when somebody came back by the back button: then the visible button is the only way on.
if (onward && arrived?.type !== 'back_forward') onward.requestSubmit();
const link = document.querySelector('a[data-follow-at-once]');
if (link && arrived?.type !== 'back_forward') location.assign(link.href);
const faults = document.querySelector('.errors[tabindex]');
if (faults) faults.focus();
