using Webhooks.Api.Bodies;
using Webhooks.Api.Problems;
using Webhooks.Management.Secrets;
using Webhooks.Sources;
using Webhooks.Sources.Presets;
using Webhooks.Subscriptions.Profiles;
using Webhooks.Subscriptions.Secrets;

namespace Webhooks.Management.Sources;

/// <summary>Reads a source's members: absent keeps what is there, null takes what its kind begins with. Pure; all faults are collected.</summary>
internal static class SourceMembers
{
    public const string Secret = "secret";
    public const string Kind = "kind";

    public const int LongestName = 200;
    public const int LongestSystem = 64;
    public const int LongestTolerance = 86_400;
    public const int UsualGrace = SecretsApi.UsualGrace;
    public const int LongestGrace = SecretsApi.LongestGrace;

    public static Source Create(MemberReader body, DateTimeOffset now)
    {
        // Without a kind the rest is read as a custom one's, so that its faults are told, too.
        var kind = body.Text(Kind, null, null, ReadKind);
        if (kind is null && !body.IsFaulty(Kind))
        {
            body.Fault(Kind, FieldError.Required, $"It must be one of {Kinds}.");
        }

        var preset = SourcePreset.Find(kind ?? SourcePreset.Custom)!;
        var name = Name(body, "");
        var settings = Settings(body, preset, present: null);
        CheckKey(body, settings);
        var given = body.Text<string?>(Secret, null, null, SecretReading.Read);
        Judge(body, settings, given);
        var source = new Source
        {
            Id = Guid.CreateVersion7(now),
            TenantId = "",
            Name = name,
            Kind = preset.Kind,
            Settings = settings,
            Secrets = [new SubscriptionSecret(given ?? Generate(settings))],
            CreatedAt = now,
            UpdatedAt = now,
        };
        body.RefuseOthers();
        return source;
    }

    public static Source Change(MemberReader body, Source current, DateTimeOffset now)
    {
        if (body.Text(Kind, current.Kind, current.Kind, ReadKind) != current.Kind)
        {
            body.Fault(Kind, FieldError.ReadOnly, "It stays what it is: make another source.");
        }

        var name = Name(body, current.Name);
        var settings = Settings(body, SourcePreset.Find(current.Kind)!, current.Settings);
        CheckKey(body, settings);
        var given = body.Text<string?>(Secret, null, null, SecretReading.Read);
        var grace = TimeSpan.FromSeconds(body.WholeNumber("grace_period_seconds", UsualGrace, UsualGrace, 0, LongestGrace));
        var secrets = current.Secrets;
        if (body.Names(Secret) && given != current.Secrets[0].Text)
        {
            secrets = SecretRotation.Rotate(current.Secrets, given ?? Generate(settings), now, grace);
        }
        else if (!body.Names(Secret) && body.Has("grace_period_seconds"))
        {
            body.Fault("grace_period_seconds", FieldError.InvalidValue, "It is for a new secret: name the secret, too, or null to have one made.");
        }

        Judge(body, settings, secrets[0].Text);
        if (settings.Authentication != current.Settings.Authentication && !body.IsFaulty(AuthenticationMembers.Name))
        {
            // Those from before are tried under the scheme of now: whatever is no key of it has ended, and must not stand in its way.
            secrets = [secrets[0], .. secrets.Skip(1).Where(old => old.IsValidAt(now) && UnfitOf(settings, old.Text) is null)];
        }

        var next = current with { Name = name, Settings = settings, Secrets = secrets };
        body.RefuseOthers();
        return next;
    }

    private static string Kinds => string.Join(", ", SourcePreset.All.Select(preset => preset.Kind));

    private static SourceSettings Settings(MemberReader body, SourcePreset preset, SourceSettings? present) => new()
    {
        ExternalSystem = body.Text("external_system", present?.ExternalSystem ?? preset.ExternalSystem, preset.ExternalSystem, ReadSystem),
        Authentication = AuthenticationMembers.Read(body, preset, present?.Authentication),
        ToleranceSeconds = Tolerance(body, preset, present),
        IdempotencyKey = PlaceMembers.Read(body, "idempotency_key", present is null ? preset.IdempotencyKey : present.IdempotencyKey, preset.IdempotencyKey, [PlaceKind.Header, PlaceKind.Pointer]),
        ExceptionId = PlaceMembers.Read(body, "exception_id", present?.ExceptionId ?? preset.ExceptionId, preset.ExceptionId, [PlaceKind.Path, PlaceKind.Query, PlaceKind.Pointer])!,
        Fields = FieldMembers.Read(body, present?.Fields ?? preset.Fields, preset.Fields),
    };

    // Zero is "not looked at": null is the preset's, as everywhere.
    private static int? Tolerance(MemberReader body, SourcePreset preset, SourceSettings? present)
    {
        var usual = preset.ToleranceSeconds ?? 0;
        var seconds = body.WholeNumber("tolerance_seconds", present is null ? usual : present.ToleranceSeconds ?? 0, usual, 0, LongestTolerance);
        return seconds == 0 ? null : seconds;
    }

    // Keys are shown, logged and sent on.
    private static void CheckKey(MemberReader body, SourceSettings settings)
    {
        if (settings.IdempotencyKey is { From: PlaceKind.Header, Name: { } name } && string.Equals(name, settings.Authentication.ProofHeader, StringComparison.OrdinalIgnoreCase))
        {
            body.Fault(body.Has("idempotency_key") ? "idempotency_key/name" : "authentication/header", FieldError.InvalidValue, "The header that proves the sender cannot be the idempotency key: keys are shown to people.");
        }
    }

    private static void Judge(MemberReader body, SourceSettings settings, string? secret)
    {
        if (settings.Authentication.Method != AuthenticationMethod.Signature)
        {
            return;
        }

        if (settings.ToleranceSeconds is not null && settings.Authentication.TimestampHeader is null && !body.IsFaulty("tolerance_seconds") && body.Has("tolerance_seconds"))
        {
            body.Fault("tolerance_seconds", FieldError.InvalidValue, "This signature has no timestamp: 0 is all that fits.");
        }

        if (secret is not null && !body.IsFaulty(AuthenticationMembers.Name) && !body.IsFaulty(Secret) && UnfitOf(settings, secret) is { } fault)
        {
            body.Fault(Secret, FieldError.InvalidValue, body.Has(Secret)
                ? $"It does not fit the signature. {fault}"
                : $"The present one does not fit the new signature: name another, or null to have one made. {fault}");
        }
    }

    private static string? UnfitOf(SourceSettings settings, string secret) =>
        settings.Authentication.Method == AuthenticationMethod.Signature ? SecretRule.FaultOf(secret, settings.Authentication.Scheme()) : null;

    private static string Generate(SourceSettings settings)
    {
        try
        {
            return settings.Authentication.Method == AuthenticationMethod.Signature ? SecretRule.Generate(settings.Authentication.Scheme()) : SecretRule.Generate();
        }
        catch (ArgumentException)
        {
            // Complained of already; nothing is stored then.
            return SecretRule.Generate();
        }
    }

    private static string Name(MemberReader body, string present) => body.Text("name", present, "", text => text.Length <= LongestName
        ? Reading<string>.Of(text)
        : Reading<string>.Refuse(FieldError.OutOfRange, $"It must have at most {LongestName} characters."));

    private static Reading<string?> ReadKind(string text) => SourcePreset.Find(text) is null
        ? Reading<string?>.Refuse(FieldError.InvalidValue, $"It must be one of {Kinds}.")
        : Reading<string?>.Of(text);

    private static Reading<string> ReadSystem(string text)
    {
        var system = text.Trim().ToUpperInvariant();
        return system.Length is 0 or > LongestSystem ? Reading<string>.Refuse(FieldError.OutOfRange, $"It must have 1 to {LongestSystem} characters that are not blank.")
            : system.Any(char.IsControl) ? Reading<string>.Refuse(FieldError.InvalidValue, "It must not contain control characters.")
            : Reading<string>.Of(system);
    }
}
