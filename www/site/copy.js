/** A button at each example that copies it. */

const SHOWN_MS = 2000;

for (const figure of document.querySelectorAll('figure.code')) {
  const pre = figure.querySelector('pre');
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'copy';
  button.textContent = 'Copy';
  button.setAttribute('aria-label', `Copy: ${pre.getAttribute('aria-label')}`);
  button.addEventListener('click', async () => {
    await navigator.clipboard.writeText(pre.textContent);
    button.textContent = 'Copied';
    setTimeout(() => { button.textContent = 'Copy'; }, SHOWN_MS);
  });
  figure.append(button);
}
