// What a page that has loaded looks like from outside of its own world, where it can have changed nothing.
(title, selector) => new Promise(done => {
  const timing = performance.getEntriesByType("navigation")[0] || {};
  const paints = [];
  let there = null;
  try {
    there = !selector || document.querySelector(selector) !== null;
  } catch {}
  new PerformanceObserver(seen => paints.push(...seen.getEntries())).observe({ type: "largest-contentful-paint", buffered: true });
  setTimeout(() => done({
    title: document.title.slice(0, 200),
    titled: !title || document.title.includes(title),
    there,
    phases: {
      dns: timing.domainLookupEnd - timing.domainLookupStart,
      connect: timing.connectEnd - timing.connectStart,
      first_byte: timing.responseStart,
      dom_ready: timing.domContentLoadedEventEnd,
      load: timing.loadEventEnd,
      lcp: paints.length ? paints[paints.length - 1].startTime : undefined,
    },
  }), 50);
})
