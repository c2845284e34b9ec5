// uPlot with its style: a part of its own that is loaded after the board is shown.
import 'uplot/dist/uPlot.min.css'

export { default as UPlot } from 'uplot'
