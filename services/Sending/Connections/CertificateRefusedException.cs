namespace Webhooks.Sending.Connections;

/// <summary>Carries a certificate's refusal through the TLS stack, told apart from a handshake that broke.</summary>
internal sealed class CertificateRefusedException(string reason) : Exception(reason);
