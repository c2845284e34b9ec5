// How commands write (log/print.ts).
export { complain, print } from '../log/print.js'
