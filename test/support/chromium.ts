// The browser of the tests is that of the measurements.
export { launchChromium } from '../../bench/chromium.js'
