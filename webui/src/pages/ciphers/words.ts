// Words of the page Ciphers.
export const sideWord = (side: string) => (side === 'inbound' ? 'Inbound' : 'Outbound');
