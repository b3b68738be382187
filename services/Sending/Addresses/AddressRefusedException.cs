namespace Webhooks.Sending.Addresses;

/// <summary>Carries the guard's refusal through the HTTP stack. Deliberately without the address it refused.</summary>
internal sealed class AddressRefusedException() : Exception("The host resolves to an address that may not be called.");
