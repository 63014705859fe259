/** Where Stripe's own stripe-mock listens, or nothing: then nobody tries our requests on it. */
export const stripeMockUrl = process.env['STRIPE_MOCK_URL'] ?? '';
