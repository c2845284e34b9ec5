// The sound of a critical alert: two short tones. A browser allows sound only after a click; before that nothing is played, and
// nothing is played late.

const TONE_HZ = 880
const TONE_SEC = 0.15
const VOLUME = 0.15

export type Beeper = {
  /** Plays the sound. `mayWait`: wait until the browser allows it, after a click. */
  beep(mayWait?: boolean): Promise<void>
  close(): void
}

export function createBeeper(): Beeper {
  let context: AudioContext | null = null

  function tone(audio: AudioContext, afterSec: number): void {
    const oscillator = new OscillatorNode(audio, { frequency: TONE_HZ })
    oscillator.connect(new GainNode(audio, { gain: VOLUME })).connect(audio.destination)
    oscillator.start(audio.currentTime + afterSec)
    oscillator.stop(audio.currentTime + afterSec + TONE_SEC)
  }

  return {
    async beep(mayWait = false) {
      context ??= new AudioContext()
      const resumed = context.state === 'running' ? undefined : context.resume()
      if (mayWait) await resumed
      if (context.state !== 'running') return
      tone(context, 0)
      tone(context, 2 * TONE_SEC)
    },
    close() {
      void context?.close()
      context = null
    },
  }
}
