namespace Webhooks.Api.Bodies;

/// <summary>A text that was understood, or what is wrong with it.</summary>
internal readonly record struct Reading<T>
{
    private Reading(T? value, string code, string? fault) => (Value, Code, Fault) = (value, code, fault);

    public T? Value { get; }

    public string Code { get; }

    /// <summary>Null: <see cref="Value"/> is good.</summary>
    public string? Fault { get; }

    public static Reading<T> Of(T value) => new(value, "", fault: null);

    public static Reading<T> Refuse(string code, string fault) => new(default, code, fault);
}
