const frame = document.getElementById('page');
const look = () => {
  const inner = frame.contentDocument;
  const all = (selector) => [...inner.querySelectorAll(selector)].map((node) => {
    const box = node.getBoundingClientRect();
    return [box.left, box.top, box.right, box.bottom];
  });
  const seen = {
    text: inner.body.innerText,
    scripts: inner.scripts.length,
    styles: inner.styleSheets.length,
    ground: getComputedStyle(inner.documentElement).backgroundColor,
    width: inner.documentElement.scrollWidth,
    svg: all('svg.timeline'),
    steps: all('svg .step > .label'),
    labels: all('svg .step > .label'),
    bars: all('svg .step > .bar'),
    planned: all('svg .planned'),
    alarms: all('svg > .bar'),
    blocked: all('svg .panel.blocked rect'),
    connections: all('svg .panel.connections rect'),
    marks: all('svg .mark circle'),
    listed: inner.querySelectorAll('ol.marks li').length,
  };
  document.getElementById('seen').textContent = JSON.stringify(seen);
};
if (frame.contentDocument && frame.contentDocument.readyState === 'complete' && frame.contentDocument.body.firstChild) look();
frame.addEventListener('load', look);
