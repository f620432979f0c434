// The product's mark: a toll gate that lifts to let the outward road through.
export function Mark({ size = 32 }: { size?: number }) {
	return (
		<svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true" className="tp-mark">
			<rect width="32" height="32" rx="7" fill="#0b4f6c" />
			<path d="M7 26V9.5A1.5 1.5 0 0 1 8.5 8h1A1.5 1.5 0 0 1 11 9.5V26z" fill="#fff" />
			<path d="M9 12.2 25.4 6.6a1.3 1.3 0 0 1 .9 2.45L9.9 15.1z" fill="#ffb547" />
			<path d="M15 21h10m-3.2-3.2L25 21l-3.2 3.2" fill="none" stroke="#8fd3f0" strokeWidth="2.2" strokeLinecap="round" strokeLinejoin="round" />
			<rect x="5" y="25" width="8" height="2.4" rx="1.2" fill="#fff" />
		</svg>
	);
}
