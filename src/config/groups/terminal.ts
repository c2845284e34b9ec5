// How the terminal and the plain text look.

import { url } from '../kinds/network.js'
import { int, sizes } from '../kinds/numbers.js'
import { bool, choice, path, timezone } from '../kinds/words.js'
import { group } from '../setting.js'

export const terminal = group('terminal', 'How the terminal and the plain text look.', {
  G6_SUMMARY_ALT_SCREEN: bool(true, {
    about: 'Draws on the alternate screen, so that the shell’s text is visible again afterwards.',
  }),
  G6_SUMMARY_CURATED_MODE: bool(false, {
    about: 'Shows blocks by importance and drops those that do not fit.',
  }),
  G6_SUMMARY_PLAIN_DIFF: bool(true, {
    deprecated: 'a frame equal to the last one is not printed again; the switch will go',
    about: 'Prints a plain frame only when it differs from the last.',
  }),
  G6_SUMMARY_HIDE_EMPTY_BLOCKS: bool(false, {
    about: 'Leaves out blocks of the curated mode that have nothing to show.',
  }),
  G6_SUMMARY_SHOW_NEED_FULL: bool(true, {
    about: 'Shows a badge while a source waits for a full status.',
  }),
  G6_PANEL_CLIP: int(60, {
    min: 8,
    max: 1000,
    unit: 'columns',
    about: 'The widest cell of a panel; longer text is clipped.',
  }),
  G6_PANEL_MIN_COL_W: int(null, {
    min: 8,
    max: 1000,
    unit: 'columns',
    defaultText: 'by the terminal’s width',
    about: 'The narrowest column of panels.',
  }),
  'G6_PANEL_W_<NAME>': sizes({
    min: 8,
    max: 1000,
    unit: 'columns',
    about: 'The width of the panel <NAME>.',
  }),
  'G6_PANEL_H_<NAME>': sizes({
    min: 1,
    max: 1000,
    unit: 'rows',
    about: 'The height of the panel <NAME>.',
  }),
  G6_PANEL_AUTO_FIT: bool(true, {
    about: 'Gives panels the room their content needs.',
  }),
  G6_TIMEZONE: timezone('Asia/Kolkata', {
    flag: '--timezone',
    about: 'The time zone of every time shown to a person.',
  }),
  G6_NUMBER_FORMAT: choice('plain', {
    of: ['plain', 'en', 'en-IN'],
    also: { 'en-in': 'en-IN' },
    about:
      'How page and terminal group the digits of a number: `plain` 1234567.00, `en` 1,234,567.00, `en-IN` 12,34,567.00. What is sent stays plain.',
  }),
  G6_INDICES_PANEL_LOG: path(null, {
    about:
      'A log whose `<INDEX> TOTAL LEGS: n | FAILS: n | STATUS: s` lines give the indices panel its Fails column.',
  }),
  G6_METRICS_URL: url({
    about: 'The metrics address shown in the links panel; unset = this server’s own.',
  }),
  G6_UNIFIED_MODEL_INIT_DEBUG: bool(false, {
    about: 'Logs the first snapshot once.',
  }),
})
