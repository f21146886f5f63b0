import { render } from 'preact'
import { App } from './app/app.tsx'
import { Broken } from './app/broken.tsx'
import { type DemoHoldfast, openDemo } from './app/holdfast.ts'
import { keepCurrent } from './app/keep-current.ts'
import { complain } from './app/notices.ts'
import { keepPageOffline } from './app/offline.ts'
import './styles/index.css'

const place = document.getElementById('app')
if (place === null) throw new Error('index.html has no element with the id "app".')

function show(opening: Promise<DemoHoldfast>, place: HTMLElement): void {
  opening.then(
    (holdfast) => {
      keepCurrent(holdfast)
      render(<App holdfast={holdfast} />, place)
    },
    (error: unknown) => {
      render(<Broken error={error} onStartAnew={() => show(openDemo({ anew: true }), place)} />, place)
    },
  )
}

show(openDemo(), place)
keepPageOffline().catch(complain)
