export function FirstRun() {
	return <p>…</p>;
}
