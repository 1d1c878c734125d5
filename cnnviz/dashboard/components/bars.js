export default function ({ data, parentElement, setTriggerValue }) {
  const list = parentElement.querySelector('.bars');
  list.setAttribute('aria-label', data.title);
  list.replaceChildren(...data.rows.map((row) => {
    const button = document.createElement('button');
    button.type = 'button'; button.title = row.share;
    button.setAttribute('aria-pressed', row.isPicked);
    const fill = document.createElement('span'), name = document.createElement('span'), share = document.createElement('span');
    fill.className = 'fill'; name.className = 'name'; share.className = 'share';
    fill.style.width = 100 * row.value + '%'; name.textContent = row.name; share.textContent = row.share;
    button.append(fill, name, share);
    button.onclick = () => setTriggerValue('picked', row.index);
    return button;
  }));
}
