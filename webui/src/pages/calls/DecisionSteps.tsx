// The routing decision, step by step, in the words it was made with.
export function DecisionSteps({ steps }: { steps: string[] }) {
	if (steps.length === 0)
		return <p className="tp-quiet">Nothing was decided yet.</p>;
	return (
		<ol className="tp-steps">
			{steps.map((step, at) => <li key={at}><span>{step}</span></li>)}
		</ol>
	);
}
