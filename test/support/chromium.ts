// The browser of the tests is that of the measurements.
export { chromiumPath, launchChromium } from '../../bench/chromium.js'
