// The tests use the browser of the benchmarks.
export { launchChromium } from '../../bench/chromium.js'
