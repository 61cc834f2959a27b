// What a run prints at its end, and writes as JSON into the file that SUMMARY names.

/**
 * @param {any} data as k6 hands it to handleSummary
 * @returns {{ [target: string]: string }}
 */
export function summaryOf(data) {
  /** @type {{ [metric: string]: any }} */
  const metrics = {};
  for (const name of Object.keys(data.metrics).sort()) {
    metrics[name] = data.metrics[name].values || data.metrics[name];
  }
  /** @type {{ [target: string]: string }} */
  const written = {
    stdout: `${Object.keys(metrics)
      .map((name) => line(name, metrics[name]))
      .join("\n")}\n`,
  };
  if (__ENV.SUMMARY) {
    written[__ENV.SUMMARY] = JSON.stringify({ metrics });
  }
  return written;
}

// The statistics that `make storm` shows.
export const TREND_STATS = ["avg", "min", "med", "p(95)", "p(99)", "max"];

/**
 * @param {string} name
 * @param {{ [statistic: string]: number }} values
 */
function line(name, values) {
  const shown = Object.keys(values).map((key) => `${key}=${Number(values[key].toFixed(4))}`);
  return `${name.padEnd(28)} ${shown.join(" ")}`;
}
