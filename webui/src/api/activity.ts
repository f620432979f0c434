// When a person last touched the application, in any tab of this browser.

const signs = ['pointerdown', 'keydown', 'wheel', 'touchstart'] as const;
const tellMs = 1000;

class Activity {
	private last = Date.now();
	private readonly tabs = new BroadcastChannel('turnpike-activity');

	constructor() {
		this.tabs.onmessage = () => {
			this.last = Date.now();
		};
		for (const sign of signs)
			window.addEventListener(sign, () => this.note(), { passive: true });
	}

	secondsAgo(): number {
		return Math.floor((Date.now() - this.last) / 1000);
	}

	note(): void {
		if (Date.now() - this.last > tellMs)
			this.tabs.postMessage(null);
		this.last = Date.now();
	}
}

export const activity = new Activity();
